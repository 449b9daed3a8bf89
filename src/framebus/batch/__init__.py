"""Jobs over files: inputs, what is done to each, outputs, the journal that resumes, and the report."""
