"""What tests share: a shell, a service, drawn images, laws of kills and chaos."""
