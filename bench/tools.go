package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// tool is a linter as it is measured.
type tool struct {
	name    string
	version string
	path    string
	// quick is the command that checks a folder as the tool does by default.
	quick func(dir string) []string
	// all is the command that reports with every check on, in JSON; found reads its output.
	all   func(dir string) []string
	found func(stdout, stderr []byte) ([]hit, error)
}

// modules are the tools that are built, at their last releases.
var modules = map[string]string{
	"kube-score":  "github.com/zegl/kube-score/cmd/kube-score@v1.20.0",
	"kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0",
}

// kubernetes is the module whose OpenAPI document kubeconform's schemas are made from, the one that fairway links.
const kubernetes = "k8s.io/kubernetes@v1.36.3"

// tools builds or finds all tools; fairway is the first.
func tools() ([]tool, error) {
	dir, self, err := buildFairway()
	if err != nil {
		return nil, err
	}
	for _, module := range modules {
		if err := build(dir, "", "install", "-trimpath", "-ldflags=-s -w", module); err != nil {
			return nil, err
		}
	}
	schemas, err := schemas(dir, kubernetes)
	if err != nil {
		return nil, err
	}
	score, conform := filepath.Join(dir, "kube-score"), filepath.Join(dir, "kubeconform")
	location := schemaLocation(schemas)
	list := []tool{
		{
			name: "fairway", version: describe(), path: self,
			quick: func(d string) []string { return []string{self, "lint", "--fail-on=never", d} },
			all:   func(d string) []string { return []string{self, "lint", "--fail-on=never", "-o=json", d} },
			found: fairwayHits,
		},
		kubeScore(score),
		{
			name: "kubeconform", version: versionOf("kubeconform"), path: conform,
			quick: func(d string) []string {
				return []string{conform, "-strict", "-summary", "-ignore-missing-schemas", "-schema-location", location, d}
			},
			all: func(d string) []string {
				return []string{conform, "-strict", "-output=json", "-ignore-missing-schemas", "-schema-location", location, d}
			},
			found: kubeconformHits,
		},
	}
	if path, err := exec.LookPath("kube-linter"); err == nil {
		t := kubeLinter(path)
		every := t
		every.name = "kube-linter, all checks"
		every.quick = func(d string) []string {
			return []string{path, "lint", "--add-all-built-in", "--exclude=schema-validation", d}
		}
		list = append(list, t, every)
	}
	if path, err := exec.LookPath("polaris"); err == nil {
		list = append(list, polaris(path))
	}
	return list, nil
}

func kubeScore(path string) tool {
	return tool{
		name: "kube-score", version: versionOf("kube-score"), path: path,
		quick: func(d string) []string { return append([]string{path, "score", "-o=ci"}, yamlFiles(d)...) },
		all: func(d string) []string {
			return append([]string{path, "score", "-o=json", "--all-default-optional", "--kubernetes-version=v1.36"}, yamlFiles(d)...)
		},
		found: kubeScoreBelow(10),
	}
}

func kubeLinter(path string) tool {
	return tool{
		name: "kube-linter", version: last(output(path, "version")), path: path, found: kubeLinterHits,
		quick: func(d string) []string { return []string{path, "lint", d} },
		all: func(d string) []string { // schema-validation needs the network
			return []string{path, "lint", "--add-all-built-in", "--exclude=schema-validation", "--format=json", d}
		},
	}
}

func polaris(path string) tool {
	audit := func(d string) []string { return []string{path, "audit", "--format=json", "--audit-path", d} }
	return tool{name: "polaris", version: last(output(path, "version")), path: path, quick: audit, all: audit, found: polarisHits}
}

// buildFairway builds this tree's fairway into the folder where programs are cached, and returns both.
func buildFairway() (bin, fairway string, err error) {
	if bin, err = cache(); err != nil {
		return "", "", err
	}
	fairway = filepath.Join(bin, "fairway")
	return bin, fairway, build(bin, "..", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", fairway, "./cmd/fairway")
}

// build runs the go command in a folder; what it installs goes to bin.
func build(bin, folder string, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = folder, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+bin)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// describe names the commit of fairway.
func describe() string {
	return output("git", "-C", "..", "describe", "--tags", "--always", "--dirty")
}

func versionOf(name string) string {
	_, version, _ := strings.Cut(modules[name], "@v")
	return version
}

// output returns the one line that a command prints, "" when it fails.
func output(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// yamlFiles are the YAML files below a folder, in order, for tools that take no folder.
func yamlFiles(dir string) []string {
	var files []string
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(path)) {
			files = append(files, path)
		}
		return err
	})
	return files
}

// yamlNames are the YAML files below a folder, by their names in it.
func yamlNames(dir string) ([]string, error) {
	var names []string
	for _, path := range yamlFiles(dir) {
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// last is the last word of a line, for "Polaris version:1.2.3" and the like.
func last(line string) string {
	return line[strings.LastIndexAny(line, " :")+1:]
}
