"""Where frames go: a folder or file for each kind, with the entry in the module that is called like it."""
