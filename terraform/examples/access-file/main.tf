# The users of an access file, who exist in IAM already: they get groups, and a role each group can assume.

provider "aws" {
  region = "eu-west-1"
}

module "k8s_access" {
  source = "../.."

  access_file = "${path.module}/../../../examples/guide.yaml"
}

# For the access file: `roles: [k8s-access-developers]` under the group `developers`.
output "roles" {
  value = module.k8s_access.roles
}
