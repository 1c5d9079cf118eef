// Sampleapp is the sample of probe verify as a program, for images.
package main

import (
	"os"

	"github.com/fairway-k8s/fairway/internal/testkit/probesample"
)

func main() { os.Exit(probesample.Main(os.Args[1:])) }
