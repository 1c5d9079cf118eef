package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/fairway-k8s/fairway/bench/apps"
)

// speed prints what checking N applications costs, spread over namespaces and all in one, or what checking a folder costs.
func speed(args []string) error {
	flags := flag.NewFlagSet("speed", flag.ExitOnError)
	sizes := flags.String("apps", "50,200,800", "numbers of applications, in rising order")
	runs := flags.Int("runs", 5, "runs of each command, interleaved; the medians are shown")
	folder := flags.String("dir", "", "measure this folder instead of generated applications")
	names := flags.String("tools", "", "measure only these, separated by semicolons (default: all)")
	_ = flags.Parse(args) // ends the program on a wrong flag
	list, err := tools()
	if err != nil {
		return err
	}
	if *names != "" {
		list = slices.DeleteFunc(list, func(t tool) bool { return !slices.Contains(strings.Split(*names, ";"), t.name) })
	}
	fmt.Println("| input | tool | CPU s | wall s | peak MiB | CPU fairway/tool | CPU growth |\n|---|---|---|---|---|---|---|")
	if *folder != "" {
		_, err := speedOf(list, *folder, filepath.Base(*folder), *runs, nil)
		return err
	}
	temp, err := os.MkdirTemp("", "fairway-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	for _, namespace := range []string{"", "shop"} {
		var before []cost
		for size := range strings.SplitSeq(*sizes, ",") {
			n, err := strconv.Atoi(size)
			if err != nil {
				return err
			}
			input := fmt.Sprintf("%d objects", n*apps.Objects)
			if namespace != "" {
				input += ", one namespace"
			}
			dir := filepath.Join(temp, size+namespace)
			if err := apps.Write(dir, n, namespace); err != nil {
				return err
			}
			if before, err = speedOf(list, dir, input, *runs, before); err != nil {
				return err
			}
		}
	}
	fmt.Println("\nLoad at the end:", load())
	return nil
}

// speedOf prints the rows of one input. Growth is CPU over that of before, the input before it.
func speedOf(list []tool, dir, input string, runs int, before []cost) ([]cost, error) {
	var commands [][]string
	for _, t := range list {
		commands = append(commands, t.quick(dir))
	}
	costs, err := medians(commands, runs)
	if err != nil {
		return nil, err
	}
	for i, t := range list {
		c := costs[i]
		ratio, growth := "", ""
		if list[0].name == "fairway" && i > 0 {
			ratio = fmt.Sprintf("%.2f", costs[0].CPU.Seconds()/c.CPU.Seconds())
		}
		if before != nil {
			growth = fmt.Sprintf("%.1fx", c.CPU.Seconds()/before[i].CPU.Seconds())
		}
		fmt.Printf("| %s | %s | %.2f | %.2f | %d | %s | %s |\n", input, t.name, c.CPU.Seconds(), c.Wall.Seconds(), c.PeakBytes>>20, ratio, growth)
	}
	return costs, nil
}
