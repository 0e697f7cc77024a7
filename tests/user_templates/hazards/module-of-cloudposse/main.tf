module "container" {
  source          = "cloudposse/ecs-container-definition/aws"
  version         = "0.61.2"
  container_name  = "app"
  container_image = "registry.example/web:1.4.2"
  log_configuration = {
    logDriver = "awslogs"
    options = {
      "awslogs-group"         = "/ecs/web"
      "awslogs-region"        = "eu-west-1"
      "awslogs-stream-prefix" = "app"
    }
  }
}
