package testbed

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const module = "github.com/fairway-k8s/fairway/testbed"

// Build makes the testbed program and returns its path, which is in the user's cache folder.
func Build(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	program := filepath.Join(cache, "fairway-testbed", "testbed")
	return program, BuildAt(ctx, program)
}

// BuildAt makes the testbed program with the Go toolchain and writes it to path. The first build takes minutes, a later one
// seconds. It must be called from inside a module that requires this one, or is it.
func BuildAt(ctx context.Context, path string) error {
	version, err := goTool(ctx, "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
	if err != nil {
		return err
	}
	_, err = goTool(ctx, "build", "-trimpath", "-ldflags", ldflags(version), "-o", path, module+"/cmd/testbed")
	return err
}

// ldflags make the components say the version they are: without, they call themselves v0.0.0-master.
func ldflags(version string) string {
	const variable = "k8s.io/component-base/version."
	major, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	return fmt.Sprintf("-s -w -X %[1]sgitVersion=%[2]s -X %[1]sgitMajor=%[3]s -X %[1]sgitMinor=%[4]s", variable, version, major, minor)
}

func goTool(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		return "", fmt.Errorf("go %s: %w: %s", args[0], err, strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		return "", fmt.Errorf("go %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}
