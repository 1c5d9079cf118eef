package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/fairway-k8s/fairway/bench/apps"
)

// startRuns is high because starting is short and the clock of CPU time is coarse.
const startRuns = 21

// start prints what it costs to start fairway and to check one file of 15 objects with every tool, and how large the binaries are.
func start([]string) error {
	list, err := tools()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "fairway-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := apps.Write(dir, 1, ""); err != nil {
		return err
	}
	names := []string{"fairway --version"}
	commands := [][]string{{list[0].path, "--version"}}
	for _, t := range list {
		names = append(names, t.name+", one file")
		commands = append(commands, t.quick(filepath.Join(dir, "app-0000.yaml")))
	}
	costs, err := medians(commands, startRuns)
	if err != nil {
		return err
	}
	fmt.Println("| what | CPU ms | wall ms | peak MiB |\n|---|---|---|---|")
	for i, c := range costs {
		fmt.Printf("| %s | %.0f | %.0f | %d |\n", names[i], c.CPU.Seconds()*1000, c.Wall.Seconds()*1000, c.PeakBytes>>20)
	}
	fmt.Println("\n| stripped binary | MiB |\n|---|---|")
	for i, t := range list {
		if i > 0 && t.path == list[i-1].path {
			continue
		}
		info, err := os.Stat(t.path)
		if err != nil {
			return err
		}
		fmt.Printf("| %s | %.1f |\n", t.name, float64(info.Size())/(1<<20))
	}
	return nil
}
