// Command fairway gets services onto Kubernetes and keeps them there. Installed as kubectl-fairway it is a kubectl plugin.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/fairway-k8s/fairway/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal asks, a second one kills
	os.Exit(cli.Run(ctx, os.Args, cli.System()))
}
