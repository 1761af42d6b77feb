"""What Custom Labels is: projects, datasets, versions and their states, hosting, detection, copying, the champion."""
