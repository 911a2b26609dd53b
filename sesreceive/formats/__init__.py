"""An account in and out: Python, the JSON of the API, a script for boto3; a format is one file."""
