"""What nodes say as bytes, and the line they say it over."""
