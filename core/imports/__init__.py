"""CSV imports: a file becomes candidates or applications, as a whole or not at all."""
