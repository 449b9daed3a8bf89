"""A folder of photographs, processed by framebus and by what people use today, each as a program of its own."""
