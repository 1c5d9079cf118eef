// Command make builds the testbed program where its one argument says.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/fairway-k8s/fairway/testbed"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: make FILE")
		os.Exit(2)
	}
	if err := testbed.BuildAt(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "make:", err)
		os.Exit(2)
	}
}
