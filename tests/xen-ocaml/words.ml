let greeting = "abc"
