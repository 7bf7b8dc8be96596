terraform {
  # OpenTofu counts as Terraform does: 1.7 is the first with `removed` and `mock_provider` in both.
  required_version = ">= 1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0, < 7.0"
    }
  }
}
