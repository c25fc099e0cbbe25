"""The model families: one function for each file of conf/model, whose keyword arguments are that file's keys."""
