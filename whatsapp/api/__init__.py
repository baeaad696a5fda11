"""Routes for templates and for jobs that wait for Meta."""
