package main

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestLeak(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(programs, "koreserver"), "--boot=0s", "--listen=127.0.0.1:0", "--fault=leak")
	out, _ := cmd.Output()
	if !strings.Contains(string(out), "msg=leak MiB=16") {
		t.Fatalf("after two seconds it has not leaked twice:\n%s", out)
	}
	if got := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss; got < 16<<10 {
		t.Errorf("its largest resident set was %d KiB, want 16 MiB and more", got)
	}
}
