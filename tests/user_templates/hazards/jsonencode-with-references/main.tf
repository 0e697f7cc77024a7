variable "region" {
  type = string
}

resource "aws_cloudwatch_log_group" "web" {
  name              = "/ecs/web"
  retention_in_days = 30
}

resource "aws_ecs_task_definition" "web" {
  family                   = "web"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = "256"
  memory                   = "512"
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions = jsonencode([
    {
      "name" : "app",
      "image" : "registry.example/web:${var.release}",
      "logConfiguration" : {
        "logDriver" : "awslogs",
        "options" : {
          "awslogs-group" : aws_cloudwatch_log_group.web.name,
          "awslogs-region" : var.region,
          "awslogs-stream-prefix" : "app",
          "mode" : var.mode,
          "max-buffer-size" : "25m"
        }
      }
    },
    {
      "name" : "proxy",
      "image" : "registry.example/proxy:3",
      "logConfiguration" : {
        "logDriver" : "awslogs",
        "options" : {
          "awslogs-group" : "${aws_cloudwatch_log_group.web.name}",
          "awslogs-region" : "${var.region}",
          "awslogs-stream-prefix" : "proxy",
          "mode" : "non-blocking",
          "max-buffer-size" : "1m"
        }
      }
    }
  ])
}
