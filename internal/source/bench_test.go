package source

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// manifests makes a multi-document file of about size bytes that looks like what teams write: Deployments and ConfigMaps with
// comments, quotes, block scalars and some flow style.
func manifests(size int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		name := fmt.Sprintf("%s-%d", []string{"cart", "checkout", "koreserver", "mail"}[r.IntN(4)], i)
		fmt.Fprintf(&b, `---
# %[1]s answers the shop's front end.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: %[1]s
  namespace: shop
  labels: {app: %[1]s, tier: "backend"}
  annotations:
    prometheus.io/scrape: "true"
    description: >-
      Takes orders and hands them on to the
      warehouse, in the order in which they come.
spec:
  replicas: %[2]d
  selector:
    matchLabels:
      app.kubernetes.io/name: %[1]s
  template:
    metadata:
      labels:
        app.kubernetes.io/name: %[1]s
    spec:
      containers:
      - name: app
        image: registry.example.com/shop/%[1]s:1.%[2]d.0  # released weekly
        args: ["--port=8080", '--verbose', --timeout=30s]
        ports:
        - containerPort: 8080
          name: http
        env:
        - name: LOG_LEVEL
          value: info
        - name: DATABASE_URL
          valueFrom:
            secretKeyRef: {name: %[1]s-db, key: url}
        resources:
          requests:
            cpu: 250m
            memory: 256Mi
          limits:
            memory: 512Mi
        readinessProbe:
          httpGet:
            path: /ready
            port: http
          periodSeconds: %[2]d
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: %[1]s
data:
  server.properties: |
    port=8080
    # not a comment of the file
    pool.size=%[2]d
    greeting=hello: world
`, name, 1+r.IntN(9))
	}
	return []byte(b.String())
}

func BenchmarkParse(b *testing.B) {
	for _, size := range []int{1 << 11, 1 << 20} {
		data := manifests(size)
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if f := Parse("bench.yaml", data); f.Docs[0].Err != nil {
					b.Fatal(f.Docs[0].Err)
				}
			}
		})
	}
}

// BenchmarkParseCorpus reads every file of the folder in FAIRWAY_CORPUS.
func BenchmarkParseCorpus(b *testing.B) {
	root := os.Getenv("FAIRWAY_CORPUS")
	if root == "" {
		b.Skip("FAIRWAY_CORPUS names no folder")
	}
	var files [][]byte
	size := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if ext := filepath.Ext(path); err != nil || !d.Type().IsRegular() || ext != ".yaml" && ext != ".yml" && ext != ".json" {
			return err
		}
		data, err := os.ReadFile(path)
		files = append(files, data)
		size += len(data)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, data := range files {
			Parse("bench.yaml", data)
		}
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	f := Parse("bench.yaml", manifests(1<<20))
	b.SetBytes(int64(len(f.Data)))
	b.ReportAllocs()
	var out []byte
	for b.Loop() {
		for _, d := range f.Docs {
			var err error
			if out, err = d.Root.AppendJSON(out[:0]); err != nil {
				b.Fatal(err)
			}
		}
	}
}
