# The schedule of a project, deployed by Terraform. Beside it, before each plan, since it reads what is written there:
#
#   mkdir -p stack && customlabels schedule render --to stack --output json > stack/rendered.json
#
# `customlabels schedule status`, `override` and `remove` find it as one that they deployed.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "project_arn" {
  description = "Of the Custom Labels project, where the template was rendered without credentials and has this parameter"
  type        = string
  default     = null
}

locals {
  rendered = jsondecode(file("${path.module}/stack/rendered.json"))
}

resource "aws_s3_object" "functions" {
  bucket      = local.rendered.bucket
  key         = local.rendered.key
  source      = "${path.module}/stack/functions.zip"
  source_hash = filemd5("${path.module}/stack/functions.zip")

  # The functions of the stack as it was go on until it is changed.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudformation_stack" "schedule" {
  name          = local.rendered.stack
  template_body = file("${path.module}/stack/template.yaml")
  parameters    = var.project_arn == null ? {} : { ProjectArn = var.project_arn }
  capabilities  = ["CAPABILITY_IAM"]
  depends_on    = [aws_s3_object.functions]
}

output "topic" {
  description = "Told of each action and each trouble"
  value       = aws_cloudformation_stack.schedule.outputs["Topic"]
}
