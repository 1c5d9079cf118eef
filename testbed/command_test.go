package testbed_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/testbed"
)

// crashDir tells the test binary to be a program that starts a bed there and dies without ending it.
const crashDir = "TESTBED_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		ctx := context.Background()
		program, err := testbed.Build(ctx)
		if err == nil {
			_, err = testbed.Up(ctx, testbed.Options{Program: program, Dir: dir})
		}
		fmt.Fprintln(os.Stderr, "up:", err)
		os.Exit(3)
	}
	os.Exit(m.Run())
}

// What a crashed test leaves is ended by the keeper.
func TestCrash(t *testing.T) {
	dir := shortDir(t)
	self := exec.CommandContext(t.Context(), os.Args[0])
	self.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := self.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 3 || !strings.Contains(string(out), "up: <nil>") {
		t.Fatalf("the program that crashes: %v: %s", err, out)
	}
	var left []string
	for range 300 {
		_, err = os.Stat(dir)
		if left = processes(dir); len(left) == 0 && os.IsNotExist(err) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("30 s after the crash (folder: %v) still there:\n%s", err, strings.Join(left, "\n"))
}

// A folder with another program's state.json is left alone, by down and by up.
func TestForeignState(t *testing.T) {
	for _, text := range []string{`{}`, `{"version":4,"serial":7}`, `{"program":"/bin/x","processes":[null]}`, `[]`, `null`} {
		dir := t.TempDir()
		for name, text := range map[string]string{"state.json": text, "precious": "1"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if bed, err := testbed.Open(dir); err == nil {
			t.Errorf("%s: a bed of %s", text, bed.Dir())
		}
		if _, err := testbed.Up(t.Context(), testbed.Options{Program: "/nonexistent", Dir: dir}); err == nil {
			t.Errorf("%s: up", text)
		}
		if _, err := os.Stat(filepath.Join(dir, "precious")); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A bed of the command line outlives the command, and a second up in its folder replaces it.
func TestCommand(t *testing.T) {
	program, err := testbed.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := shortDir(t)
	run := func(env []string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Env = append(os.Environ(), env...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("testbed %s: %v: %s", strings.Join(args, " "), err, out)
		}
		return strings.TrimSpace(string(out))
	}
	t.Cleanup(func() { _ = exec.Command(program, "down", "--dir", dir).Run() }) // for a test that failed midway
	run(nil, "up", "--control-plane", "--dir", dir)
	first := processes(dir)
	run(nil, "up", "--dir", dir)
	for _, p := range processes(dir) {
		for _, old := range first {
			if p == old {
				t.Errorf("of the first bed still there: %s", p)
			}
		}
	}
	want := "export KUBECONFIG='" + filepath.Join(dir, "pki", "admin.kubeconfig") + "'"
	env := run(nil, "env", "--dir", dir)
	if env != want {
		t.Errorf("env: got %q, want %q", env, want)
	}
	variable := strings.ReplaceAll(strings.TrimPrefix(env, "export "), "'", "")
	if got := run([]string{variable}, "kubectl", "get", "namespaces", "-o", "name"); !strings.Contains(got, "namespace/default") {
		t.Errorf("kubectl with what env printed: got %q, want the namespace default among them", got)
	}
	run(nil, "down", "--dir", dir)
	if left := processes(dir); len(left) != 0 {
		t.Errorf("left running:\n%s", strings.Join(left, "\n"))
	}
}
