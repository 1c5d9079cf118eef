// Bench makes the figures of docs/benchmarks.md, docs/defects.md and docs/merge.md. Run it in its folder:
//
//	go run . defects             what every tool finds of the seeded defects; writes ../docs/defects.md
//	go run . speed               CPU, time and memory for 50, 200 and 800 applications
//	go run . start               cost of starting, and the size of the binary
//	go run . select FROM TO      the YAML files below a folder that every tool can read
//	go run . fixes DIR           what --fix does to a copy of the YAML files below DIR
//	go run . adopt DIR           what adopt does to copies of real files below DIR, judged from outside
//	go run . paths               what the tools say of what fairway new writes, and what writing it costs
//	go run . peers               what other linters say of the same, each complaint with an answer; writes ../docs/golden-paths-peers.md
//	go run . merge CASES         how three engines merge cases with known answers; writes ../docs/merge.md
//	go run . forks DIR           the same for real triples, judged by the guarantees of a merge; writes ../docs/merge.md
//	go run . random              the same for manifests that are edited at random on both sides
//	go run . fleet               upgrades a thousand services with random edits and judges every file; writes ../docs/merge.md
//	go run . live                lints and dumps a real control plane with 5,000 workloads and 15,000 pods
//
// It builds fairway from the folder above, and kube-score and kubeconform from their modules, at the versions of tools.go and with
// the dependencies their authors released them with. kube-linter and polaris are used when they are on PATH. No tool is given
// network access that it would need: the schemas of kubeconform are made from k8s.io/kubernetes modules.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

var commands = map[string]func(args []string) error{
	"defects": defects,
	"speed":   speed,
	"start":   start,
	"fixes":   fixes,
	"adopt":   adopt,
	"select":  choose,
	"paths":   paths,
	"peers":   peers,
	"merge":   mergeCases,
	"forks":   forks,
	"random":  random,
	"fleet":   fleet,
	"live":    live,
	"sail":    sailChild,
	"measure": measureChild,
	"schemas": schemasChild,
}

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: go run . defects | speed [flags] | start | select FROM TO | fixes DIR | adopt DIR | paths | peers | merge CASES | forks DIR | random [flags] | fleet [flags] | live [flags]")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// cache is where tools and schemas are kept between runs.
func cache() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "fairway-bench")
	return dir, os.MkdirAll(dir, 0o755)
}
