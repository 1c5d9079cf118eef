package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// choose copies the YAML files of a folder that every tool can read: each document an object, no template, no part of a chart, no
// kustomization, no copy of another, and no file on which some tool gives up. Speed is measured on them, and fixes are.
func choose(args []string) error {
	if len(args) != 2 {
		return errors.New("select needs the folder to select from and an empty one")
	}
	from, to := args[0], args[1]
	if found, err := os.ReadDir(to); err == nil && len(found) > 0 {
		return fmt.Errorf("%s is not empty", to)
	}
	list, err := tools()
	if err != nil {
		return err
	}
	names, err := plain(from)
	if err != nil {
		return err
	}
	fmt.Printf("%d files without charts, kustomizations, templates and copies\n", len(names))
	if names, err = objectsOnly(list[0], from, names); err != nil {
		return err
	}
	fmt.Printf("%d in which every document is an object\n", len(names))
	for _, t := range list[1:] {
		if t.found == nil {
			continue // the same program as the one before
		}
		refused, err := refusals(t, from, names)
		if err != nil {
			return err
		}
		names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(refused, n) })
		fmt.Printf("%d without those on which %s gives up\n", len(names), t.name)
	}
	return copyFiles(from, to, names)
}

// plain are the YAML files below a folder, by name, that can be applied as they are: no part of a chart, no kustomization, no template,
// and nothing in folders that fairway leaves out.
func plain(dir string) ([]string, error) {
	seen := map[string]bool{}
	all, err := yamlNames(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range all {
		base := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
		if base == "kustomization" || leftOut(name) || inChart(dir, name) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if !bytes.Contains(data, []byte("{{")) && !seen[string(data)] {
			seen[string(data)] = true
			names = append(names, name)
		}
	}
	return names, nil
}

// leftOut reports whether fairway, given the folder, would not read a file of that name.
func leftOut(name string) bool {
	return slices.ContainsFunc(strings.Split(filepath.ToSlash(name), "/"), func(part string) bool {
		return strings.HasPrefix(part, ".") || part == "node_modules" || part == "vendor"
	})
}

// inChart reports whether a file of dir stands in a chart.
func inChart(dir, name string) bool {
	for name != "." {
		name = filepath.Dir(name)
		if _, err := os.Stat(filepath.Join(dir, name, "Chart.yaml")); err == nil {
			return true
		}
	}
	return false
}

// objectsOnly are the files of which fairway skips nothing but the fields of custom resources whose schema it does not know.
func objectsOnly(fairway tool, dir string, names []string) ([]string, error) {
	work, err := copyOf(dir, names)
	defer os.RemoveAll(work)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(fairway.path, "lint", "--fail-on=never", "-o=json", ".")
	cmd.Dir = work
	out, err := cmd.Output()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return nil, err
	}
	var r struct {
		Skipped, Errors []struct{ File, Reason string }
	}
	if err := json.Unmarshal(out, &r); err != nil {
		return nil, err
	}
	drop := map[string]bool{}
	for _, x := range append(r.Skipped, r.Errors...) {
		if x.Reason != "no-schema" {
			drop[filepath.FromSlash(x.File)] = true
		}
	}
	return slices.DeleteFunc(names, func(n string) bool { return drop[n] }), nil
}

// refusals are the files on which a tool gives up, so that it says nothing that can be read. It looks in halves.
func refusals(t tool, dir string, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	work, err := copyOf(dir, names)
	defer os.RemoveAll(work)
	if err != nil {
		return nil, err
	}
	args := t.all(work)
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if err == nil {
		return nil, nil // kube-linter prints nothing when there is nothing to check
	}
	if _, ok := errors.AsType[*exec.ExitError](err); !ok {
		return nil, err
	}
	if _, err := t.found(stdout.Bytes(), stderr.Bytes()); err == nil && stdout.Len() > 0 {
		return nil, nil
	}
	if len(names) == 1 {
		return names, nil
	}
	first, err := refusals(t, dir, names[:len(names)/2])
	if err != nil {
		return nil, err
	}
	second, err := refusals(t, dir, names[len(names)/2:])
	return append(slices.Clone(first), second...), err
}

// copyOf is a new folder with a copy of files of dir.
func copyOf(dir string, names []string) (string, error) {
	work, err := os.MkdirTemp("", "fairway-bench")
	if err != nil {
		return "", err
	}
	return work, copyFiles(dir, work, names)
}

func copyFiles(from, to string, names []string) error {
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
