//go:build unix

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/problem"
)

// testbed is a program that says something instead of starting a cluster.
func testbed(t *testing.T, script string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "testbed")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestWhatIsMissing(t *testing.T) {
	t.Chdir("../..")
	t.Setenv("TMPDIR", t.TempDir())
	for name, x := range map[string]struct {
		program string
		why     string
		exit    int
	}{
		"no program": {filepath.Join(t.TempDir(), "none"), "", problem.ExitUsage},
		"no root":    {testbed(t, `echo "testbed: a node needs root, missing here" >&2; exit 3`), "a node needs root, missing here", problem.ExitIncomplete},
		"broken":     {testbed(t, `echo "testbed: etcd ended" >&2; exit 2`), "etcd ended", problem.ExitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			err := run(t.Context(), x.program, false)
			p, ok := errors.AsType[*problem.Problem](err)
			if !ok || p.Next == "" || p.Why != x.why || problem.ExitCode(err) != x.exit {
				t.Errorf("%#v, exit code %d; want a problem because of %q, exit code %d", err, problem.ExitCode(err), x.why, x.exit)
			}
		})
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// The testbed is told to end when the play cannot go on, and when it is stopped.
func TestEndsTheTestbed(t *testing.T) {
	t.Chdir("../..")
	t.Setenv("TMPDIR", t.TempDir())
	ended := filepath.Join(t.TempDir(), "ended")
	program := testbed(t, `[ "$1" = up ] || { echo no images; exit 1; }
echo ready; cat; touch `+ended)
	if err := run(t.Context(), program, false); err == nil || !strings.Contains(err.Error(), "no images") {
		t.Errorf("%v; want that there are no images", err)
	}
	if err := os.Remove(ended); err != nil {
		t.Error("the testbed was not told to end, or not waited for")
	}

	slow := testbed(t, `[ "$1" = up ] || exec sleep 60
echo ready; cat; touch `+ended)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := run(ctx, slow, false)
	if p, ok := errors.AsType[*problem.Problem](err); !ok || !strings.Contains(p.What, "stopped") {
		t.Errorf("%v; want that it was stopped", err)
	}
	if err := os.Remove(ended); err != nil {
		t.Error("the testbed was not told to end, or not waited for")
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
