package lint_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
	"github.com/fairway-k8s/fairway/internal/testkit/seeded"
)

// applications returns n copies of the seeded application in one folder, 15 objects each, told apart by name and namespace.
func applications(n int) map[string]string {
	out := map[string]string{}
	for i := range n {
		for name, text := range seeded.Bundle() {
			text = strings.ReplaceAll(text, "checkout", fmt.Sprintf("app%04d", i))
			out[fmt.Sprintf("deploy/app%04d-%s", i, name)] = strings.ReplaceAll(text, "namespace: shop", fmt.Sprintf("namespace: team%02d", i/8))
		}
	}
	return out
}

// BenchmarkCheck is everything after reading files from disk: parse, decode, default, validate, relate, run all rules.
func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{50, 200, 800} {
		files := applications(n)
		objects := len(load.Strings(files).Objects)
		b.Run(fmt.Sprintf("objects=%d", objects), func(b *testing.B) {
			bench(b, objects, func() *load.Input { return load.Strings(files) })
		})
	}
	if dir := os.Getenv("FAIRWAY_CORPUS"); dir != "" {
		b.Run("corpus", func(b *testing.B) {
			in, err := load.Load(b.Context(), []string{dir}, load.Options{})
			if err != nil {
				b.Fatal(err)
			}
			bench(b, len(in.Objects), func() *load.Input {
				in, err := load.Load(b.Context(), []string{dir}, load.Options{})
				if err != nil {
					b.Fatal(err)
				}
				return in
			})
		})
	}
}

func bench(b *testing.B, objects int, read func() *load.Input) {
	o := lint.Options{Catalogue: catalogue.New(), Profile: rule.Strict, Now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := lint.Check(read(), o); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(objects*b.N)/b.Elapsed().Seconds(), "objects/s")
}

// BenchmarkFix mends a folder of real files in memory.
func BenchmarkFix(b *testing.B) {
	dir := os.Getenv("FAIRWAY_CORPUS")
	if dir == "" {
		b.Skip("FAIRWAY_CORPUS names no folder")
	}
	in, err := load.Load(b.Context(), []string{dir}, load.Options{})
	if err != nil {
		b.Fatal(err)
	}
	o := lint.Options{Catalogue: catalogue.New(), Now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)}
	checks := 0
	o.Progress = func(int, int) { checks++ }
	for b.Loop() {
		if _, err := lint.Fix(b.Context(), in, o); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(checks)/float64(b.N), "trials/op")
}
