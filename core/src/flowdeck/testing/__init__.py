"""A kit for plugin authors: fakes, a fake clock, a capture builder and contract suites for every role."""
