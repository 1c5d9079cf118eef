// Command testbed is a real Kubernetes for tests: it starts and ends clusters, and is itself each program of one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fairway-k8s/fairway/testbed"
	"github.com/fairway-k8s/fairway/testbed/internal/component"
)

const usage = `A real Kubernetes for tests, in a folder, on free ports.

Usage:
  testbed up [--control-plane | --node] [--hold] [--dir DIR]   start one and wait until it is ready; with --hold, say so on
                                                               standard output and end it when standard input ends
  testbed env [--dir DIR]                     print the variables that kubectl and fairway read
  testbed load [--dir DIR] NAME:TAG PACKAGE   make an image of a Go program and give it to the node
  testbed restart [--dir DIR] kubelet         end the node's kubelet, start it again and wait until it reports the node ready
  testbed down [--dir DIR]                    end every process and remove the folder
  testbed COMPONENT [ARGUMENT...]             be one of: %s

Example:
  testbed up --control-plane
  eval "$(testbed env)"
  testbed kubectl create namespace shop
  testbed down

Exit codes: 0 done, 2 an error, 3 this machine lacks what a node needs.
`

func main() {
	if len(os.Args) > 1 && component.Known(os.Args[1]) {
		os.Exit(component.Run(os.Args[1:]))
	}
	if len(os.Args) == 3 && os.Args[1] == testbed.KeeperCommand {
		if err := testbed.Keep(os.Stdin, os.Args[2]); err != nil {
			log.Fatal(err)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "testbed:", err)
		}
		if _, ok := errors.AsType[testbed.Lacks](err); ok {
			os.Exit(3)
		}
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	help := func() { fmt.Fprintf(stderr, usage, strings.Join(component.Names(), ", ")) }
	if len(args) == 0 {
		help()
		return flag.ErrHelp
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = help
	dir := flags.String("dir", defaultDir(), "")
	control, node, hold := new(bool), new(bool), new(bool)
	if args[0] == "up" {
		control, node, hold = flags.Bool("control-plane", false, ""), flags.Bool("node", false, ""), flags.Bool("hold", false, "")
	}
	if err := flags.Parse(args[1:]); err != nil {
		return flag.ErrHelp // it has been said
	}
	wanted := 0
	switch args[0] {
	case "load":
		wanted = 2
	case "restart":
		wanted = 1
	}
	if flags.NArg() != wanted || args[0] == "restart" && flags.Arg(0) != "kubelet" {
		help()
		return flag.ErrHelp
	}
	switch args[0] {
	case "up":
		if *control && *node {
			return errors.New("--node starts the control plane too: give one of the two")
		}
		bed, err := up(ctx, stderr, testbed.Options{Dir: *dir, Node: *node, Outlive: !*hold})
		if err != nil || !*hold {
			return err
		}
		if _, err := fmt.Fprintln(stdout, "ready"); err != nil {
			return errors.Join(err, bed.Down())
		}
		awaitEnd(ctx, stdin)
		return bed.Down()
	case "env":
		bed, err := testbed.Open(*dir)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(stdout, "export KUBECONFIG="+quote(bed.Kubeconfig()))
		return err
	case "load":
		bed, err := testbed.Open(*dir)
		if err != nil {
			return err
		}
		return bed.Load(ctx, flags.Arg(0), flags.Arg(1))
	case "restart":
		bed, err := testbed.Open(*dir)
		if err != nil {
			return err
		}
		return bed.RestartKubelet(ctx)
	case "down":
		bed, err := testbed.Open(*dir)
		if err != nil {
			return err
		}
		return bed.Down()
	}
	help()
	return flag.ErrHelp
}

func up(ctx context.Context, stderr io.Writer, o testbed.Options) (*testbed.Bed, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	o.Program = program
	began := time.Now()
	bed, err := testbed.Up(ctx, o)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(stderr, "testbed: ready after %s in %s\n", time.Since(began).Round(100*time.Millisecond), o.Dir)
	return bed, err
}

// awaitEnd returns when stdin is at its end or ctx is done.
func awaitEnd(ctx context.Context, stdin io.Reader) {
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, stdin) // a broken pipe is an end too
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
}

// defaultDir is one folder a user, so that up, env and down find each other without a flag.
func defaultDir() string {
	return filepath.Join(os.TempDir(), "fairway-testbed-"+strconv.Itoa(os.Getuid()))
}

// quote makes a path one word of a shell.
func quote(path string) string {
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
