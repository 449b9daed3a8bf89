"""Programs and packages of others that framebus stands in for: imagezmq, imagehub, imagenode."""
