//go:build unix

// Command story plays the story of docs/story.md on a real cluster of its own, tells it on the terminal, and leaves its figures in docs.
// It is run in the repository ("make story").
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/story"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	program := flag.String("testbed", "bin/testbed", "the testbed program")
	write := flag.Bool("write", true, "leave the figures in docs/story.json and docs/story.md")
	flag.Parse()
	err := run(ctx, *program, *write)
	if err == nil {
		return
	}
	p, ok := errors.AsType[*problem.Problem](err)
	if !ok {
		p = &problem.Problem{What: err.Error()}
	}
	fmt.Fprintln(os.Stderr, "story:", p.Error())
	if p.Next != "" {
		fmt.Fprintln(os.Stderr, "  next:", p.Next)
	}
	os.Exit(problem.ExitCode(err))
}

// run plays the story. What it fails with after the end of ctx is that it was stopped.
func run(ctx context.Context, program string, write bool) error {
	err := play(ctx, program, write)
	if ctx.Err() != nil {
		return &problem.Problem{What: "stopped before the story was over", Next: "make story begins anew", Exit: problem.ExitIncomplete}
	}
	return err
}

func play(ctx context.Context, program string, write bool) (err error) {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	if _, err := os.Stat("examples/koreserver/copied"); err != nil {
		return &problem.Problem{What: "examples/koreserver/copied is not here", Next: "run it in the repository: make story"}
	}
	if program, err = filepath.Abs(program); err != nil {
		return err
	}
	if _, err := os.Stat(program); err != nil {
		return &problem.Problem{What: "there is no testbed program", Where: program, Next: "make testbed"}
	}
	began := time.Now()
	fmt.Println("A node is started on this machine: etcd, API server, controllers, scheduler, kubelet, containerd.")
	c, end, err := start(ctx, program)
	if err != nil {
		return err
	}
	defer func() {
		if failed := end(); failed != nil {
			fmt.Fprintln(os.Stderr, "story:", failed)
			err = cmp.Or(err, failed)
		}
	}()
	for image, folder := range story.Images {
		if out, err := exec.CommandContext(ctx, program, "load", "--dir", c.dir, image, filepath.Join(root, "examples", folder)).CombinedOutput(); err != nil {
			return fmt.Errorf("make the image %s: %w: %s", image, err, out)
		}
	}
	fmt.Printf("It is ready after %.0f s.\n", time.Since(began).Seconds())

	work := filepath.Join(c.dir, "play")
	if err := errors.Join(os.Mkdir(work, 0o755), os.Chdir(work)); err != nil {
		return err
	}
	defer os.Chdir(root)
	p := story.Play{Cluster: c, Examples: filepath.Join(root, "examples"), Narrator: &story.Narrator{Out: os.Stdout, Color: colour()}}
	record, err := p.Run(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("\nThe whole took %.0f s.\n", time.Since(began).Seconds())
	if faults := record.Faults(); len(faults) > 0 {
		return &problem.Problem{What: "it did not go as the story goes", Why: strings.Join(faults, "; "), Exit: problem.ExitFindings,
			Next: "look whether the machine was busy, and make story again; if it stays so, docs/story.md is wrong"}
	}
	if !write {
		return nil
	}
	if err := story.WriteDocs(filepath.Join(root, "docs"), record); err != nil {
		return err
	}
	fmt.Println("The figures are in docs/story.json, and docs/story.md tells the story with them.")
	return nil
}

func colour() bool {
	return term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == ""
}

// cluster is a testbed that ends when end is called, or this process ends.
type cluster struct{ program, dir string }

func start(ctx context.Context, program string) (c *cluster, end func() error, err error) {
	dir, err := os.MkdirTemp("", "testbed") // short: it holds sockets, whose paths have 107 bytes at most
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(program, "up", "--node", "--hold", "--dir", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for this process, which ends the bed in good order
	var said bytes.Buffer
	cmd.Stderr = &said
	hold, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { hold.Close() })
	end = func() error {
		stop()
		hold.Close()
		_, _ = io.Copy(io.Discard, out)
		err := cmd.Wait()
		if err != nil {
			err = fmt.Errorf("the testbed did not end well: %w: %s", err, said.String())
		}
		return errors.Join(err, os.RemoveAll(dir))
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		err := cmd.Wait()
		stop()
		_ = os.RemoveAll(dir)
		p := &problem.Problem{What: "no node can be started here", Why: strings.TrimPrefix(strings.TrimSpace(said.String()), "testbed: "), Next: "make demo shows what needs no cluster"}
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == lacking {
			p.Exit = problem.ExitIncomplete
		}
		return nil, nil, p
	}
	return &cluster{program, dir}, end, nil
}

// lacking is the exit code with which the testbed says that this machine lacks something.
const lacking = 3

// Run runs kubectl; it is story.Cluster.
func (c *cluster) Run(ctx context.Context, stdin string, args ...string) (string, string, error) {
	cmd := exec.CommandContext(ctx, c.program, append([]string{"kubectl", "--kubeconfig=" + filepath.Join(c.dir, "pki", "admin.kubeconfig")}, args...)...)
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &said
	cmd.Env = append(os.Environ(), "HOME="+c.dir) // kubectl's caches go with the bed
	if err := cmd.Run(); err != nil {
		return out.String(), said.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return out.String(), said.String(), nil
}
