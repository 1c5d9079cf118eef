// Command fairway gets services onto Kubernetes and keeps them there. Installed as kubectl-fairway it is a kubectl plugin.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fairway-k8s/fairway/internal/cli"
)

// grace is for how long a verb may go on after it was asked to stop. Some waits cannot be asked: a pipe that nobody writes to, a login
// program that hangs.
const grace = 3 * time.Second

// exitInterrupted is what shells say of a program that Ctrl-C ended.
const exitInterrupted = 130

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		stop() // the first signal asks, a second one kills
		time.Sleep(grace)
		os.Exit(exitInterrupted)
	})
	os.Exit(cli.Run(ctx, os.Args, cli.System()))
}
