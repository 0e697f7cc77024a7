module "ecs_service" {
  source  = "terraform-aws-modules/ecs/aws//modules/service"
  version = "6.0.0"
  name    = "web"

  container_definitions = {
    app = {
      image = "registry.example/web:1.4.2"
    }
  }
}
