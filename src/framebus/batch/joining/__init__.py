"""Workers of an older program that take part in a job: they get paths and answer as they always did."""
