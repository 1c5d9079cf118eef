// Package bed gives a test a real Kubernetes: the program of the module testbed, run as any user would run it.
//
//	b := bed.ControlPlane(t)
//	b.Kubectl(t, manifests, "apply", "-f", "-")
//
// # Words
//
//	bed       a running cluster in a folder of its own; it ends with the test, however the test ends
//	referee   what a test needs to judge by: a control plane, a node
//
// FAIRWAY_TESTBED names the program ("make testbed" builds it). Without it, or without what a node needs, a test skips, unless
// FAIRWAY_REQUIRE names the referee (controlplane, node, separated by commas): then it fails.
package bed

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Names of the referees in FAIRWAY_REQUIRE.
const (
	controlPlane = "controlplane"
	node         = "node"
)

// lacking is the exit code with which the program says that this machine lacks something.
const lacking = 3

// A Bed is a running cluster. Its methods may be called by several goroutines.
type Bed struct{ program, dir string }

// ControlPlane starts etcd, an API server, the controller manager and the scheduler, without a node. It takes about ten seconds:
// a package shares one among its subtests.
func ControlPlane(t testing.TB) *Bed {
	t.Helper()
	return up(t, controlPlane, "--control-plane")
}

// Node starts a control plane and a node that runs pods. It needs root and what a node needs.
func Node(t testing.TB) *Bed {
	t.Helper()
	return up(t, node, "--node")
}

func up(t testing.TB, referee, flag string) *Bed {
	t.Helper()
	missing := t.Skip
	if slices.Contains(strings.Split(os.Getenv("FAIRWAY_REQUIRE"), ","), referee) {
		missing = t.Fatal
	}
	program := os.Getenv("FAIRWAY_TESTBED")
	if program == "" {
		missing("no real Kubernetes: FAIRWAY_TESTBED does not name the testbed program (make conformance does)")
	}
	// Short: it holds sockets, whose paths have 107 bytes at most.
	dir, err := os.MkdirTemp("", "bed")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "up", flag, "--hold", "--dir", dir)
	var said bytes.Buffer
	cmd.Stderr = &said
	hold, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = hold.Close()
		if err := cmd.Wait(); err != nil && !t.Skipped() {
			t.Errorf("the testbed did not end well: %v: %s", err, said.String())
		}
		_ = os.RemoveAll(dir)
	})
	// One line says that it is ready; when it ends without, its standard output does.
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		err := cmd.Wait()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == lacking {
			missing(strings.TrimSpace(said.String()))
		}
		t.Fatalf("testbed up %s: %v: %s%s", flag, err, line, said.String())
	}
	return &Bed{program: program, dir: dir}
}

// Dir is the bed's folder. Its folder pki holds the cluster's authority, ca.crt and ca.key, and log what the components say.
func (b *Bed) Dir() string { return b.dir }

// Kubeconfig is the path of a kubeconfig file with all rights.
func (b *Bed) Kubeconfig() string { return filepath.Join(b.dir, "pki", "admin.kubeconfig") }

// Load makes an image of a Go program and gives it to the node as ref, such as localhost/shop:1. pkg is a folder, from the test's
// own, or an import path. Pods that use the image need imagePullPolicy Never or IfNotPresent.
func (b *Bed) Load(t testing.TB, ref, pkg string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), b.program, "load", "--dir", b.dir, ref, pkg).CombinedOutput(); err != nil {
		t.Fatalf("testbed load %s %s: %v: %s", ref, pkg, err, out)
	}
}

// RestartKubelet ends the node's kubelet, starts it again with the same arguments, and returns when it has reported the node ready.
// Containers go on.
func (b *Bed) RestartKubelet(t testing.TB) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), b.program, "restart", "--dir", b.dir, "kubelet").CombinedOutput(); err != nil {
		t.Fatalf("testbed restart kubelet: %v: %s", err, out)
	}
}

// Run runs kubectl with all rights. The error of a kubectl that exits other than 0 holds what it said.
func (b *Bed) Run(ctx context.Context, stdin string, args ...string) (stdout, stderr string, err error) {
	cmd := exec.CommandContext(ctx, b.program, append([]string{"kubectl", "--kubeconfig=" + b.Kubeconfig()}, args...)...)
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &said
	// Its caches of what the API server offers are the bed's, not the user's.
	cmd.Env = append(os.Environ(), "HOME="+b.dir)
	if err := cmd.Run(); err != nil {
		return out.String(), said.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return out.String(), said.String(), nil
}

// Kubectl is Run for a command that must succeed. It returns what went to standard output.
func (b *Bed) Kubectl(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	out, _, err := b.Run(t.Context(), stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Eventually runs kubectl until it prints want, white space at the ends aside, and fails the test when that takes longer than limit.
func (b *Bed) Eventually(t testing.TB, limit time.Duration, want string, args ...string) {
	t.Helper()
	b.eventually(t, limit, want, func(got string) bool { return strings.TrimSpace(got) == want }, args)
}

// EventuallySays runs kubectl until part is in what it prints, and fails the test when that takes longer than limit.
func (b *Bed) EventuallySays(t testing.TB, limit time.Duration, part string, args ...string) {
	t.Helper()
	b.eventually(t, limit, part, func(got string) bool { return strings.Contains(got, part) }, args)
}

func (b *Bed) eventually(t testing.TB, limit time.Duration, want string, ok func(string) bool, args []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	last, lastErr := "", error(nil) // of a run that the limit did not end
	for {
		got, _, err := b.Run(ctx, "", args...)
		if err == nil && ok(got) {
			return
		}
		if ctx.Err() == nil {
			last, lastErr = got, err
		}
		select {
		case <-ctx.Done():
			t.Fatalf("kubectl %s: after %s got %q (%v), want %q", strings.Join(args, " "), limit, last, lastErr, want)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
