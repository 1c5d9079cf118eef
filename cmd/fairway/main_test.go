//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if os.Getenv("FAIRWAY_TEST_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// One signal ends the program, also while it waits for a pipe, which nobody can ask to stop.
func TestInterrupt(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "dump.tar.gz")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "lint", "--from", pipe)
	cmd.Env = append(os.Environ(), "FAIRWAY_TEST_MAIN=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	var w *os.File
	for range 300 { // until it reads
		f, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			w = f
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if w == nil {
		t.Fatal("it never read the pipe")
	}
	defer w.Close()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	select {
	case <-done:
		if got := cmd.ProcessState.ExitCode(); got != exitInterrupted {
			t.Errorf("exit code %d, want %d", got, exitInterrupted)
		}
	case <-time.After(grace + 10*time.Second):
		t.Error("it goes on")
	}
}
