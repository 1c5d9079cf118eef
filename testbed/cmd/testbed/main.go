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
  testbed up [--control-plane | --node] [--dir DIR]   start one and wait until it is ready
  testbed env [--dir DIR]                             print the variables that kubectl and fairway read
  testbed load [--dir DIR] NAME:TAG PACKAGE           make an image of a Go program and give it to the node
  testbed down [--dir DIR]                            end every process and remove the folder
  testbed COMPONENT [ARGUMENT...]                     be one of: %s

Example:
  testbed up --control-plane
  eval "$(testbed env)"
  testbed kubectl create namespace shop
  testbed down
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
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "testbed:", err)
		}
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	help := func() { fmt.Fprintf(stderr, usage, strings.Join(component.Names(), ", ")) }
	if len(args) == 0 {
		help()
		return flag.ErrHelp
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = help
	dir := flags.String("dir", defaultDir(), "")
	control, node := new(bool), new(bool)
	if args[0] == "up" {
		control, node = flags.Bool("control-plane", false, ""), flags.Bool("node", false, "")
	}
	if err := flags.Parse(args[1:]); err != nil {
		return flag.ErrHelp // it has been said
	}
	wanted := 0
	if args[0] == "load" {
		wanted = 2
	}
	if flags.NArg() != wanted {
		help()
		return flag.ErrHelp
	}
	switch args[0] {
	case "up":
		if *control && *node {
			return errors.New("--node starts the control plane too: give one of the two")
		}
		return up(ctx, stderr, *dir, *node)
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

func up(ctx context.Context, stderr io.Writer, dir string, node bool) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := testbed.Up(ctx, testbed.Options{Program: program, Dir: dir, Node: node, Outlive: true}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stderr, "testbed: ready after %s in %s\n", time.Since(began).Round(100*time.Millisecond), dir)
	return err
}

// defaultDir is one folder a user, so that up, env and down find each other without a flag.
func defaultDir() string {
	return filepath.Join(os.TempDir(), "fairway-testbed-"+strconv.Itoa(os.Getuid()))
}

// quote makes a path one word of a shell.
func quote(path string) string {
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
