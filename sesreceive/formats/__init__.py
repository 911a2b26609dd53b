"""An account in and out: Python, the JSON of the API, boto3, CloudFormation, Terraform …; a format is one file."""

from sesreceive.formats.loaded import Loaded, Placeholder
from sesreceive.formats.loading import load
from sesreceive.formats.place import Place

__all__ = ["Loaded", "Place", "Placeholder", "load"]
