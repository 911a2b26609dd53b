"""HTTP in front of the control plane and moto: boto3, the aws CLI and CloudFormation talk to it."""
