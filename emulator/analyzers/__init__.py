"""What Rekognition sees in any image: properties that are measured, and labels, text and faces as tags script them."""

__all__ = ["operations", "videos"]
