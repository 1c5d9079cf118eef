# The two commands of the README are "make demo" and "make test". Both set up what they need; Go 1.26 is all a machine must have.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS = -s -w -X github.com/fairway-k8s/fairway/internal/cli.version=$(VERSION)
GO ?= go

# Modules of their own whose tests need nothing but Go.
MODULES = health health/grpchealth examples/koreserver

.PHONY: build demo story test conformance check fuzz docs bench testbed clean kubelet kubelet-vectors

build: ## the static binaries, bin/fairway and bin/fairway-shim
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/fairway
	cd health && CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o ../bin/ ./cmd/fairway-shim

demo: build ## checks, explains and mends the wild-west organisation in a copy
	./examples/demo.sh

story: ## plays koreserver's move to Kubernetes on a real node in four minutes; the figures go to docs/story.md. Needs root
	@{ test "$$(id -u)" = 0 && command -v containerd && command -v runc; } >/dev/null || \
	  { echo "story: it is played on a node, which needs root, containerd and runc (Debian: apt-get install containerd runc containernetworking-plugins iptables iproute2)" >&2; exit 3; }
	@test -x bin/testbed || echo "The testbed is built first, Kubernetes from its own modules. That takes minutes, once."
	@$(MAKE) --no-print-directory --silent testbed # seconds when nothing of it changed; one from before a change tells another story
	@$(GO) run ./examples/story

test: ## all tests that need nothing but Go; those that need a real Kubernetes skip
	$(GO) test ./...
	@for m in $(MODULES); do echo "$$m:"; (cd $$m && $(GO) test ./...) || exit 1; done

KUBELET_MINORS = 36 35 34 33
KUBELET_SCENARIOS ?= 10000
# One module in four versions of its dependencies; the newest is its go.mod.
kubelet_test = cd conformance/kubelet && CGO_ENABLED=0 GOGC=400 $(GO) test -trimpath -count=1 -timeout 4h $$(test $$v = 36 || echo -modfile=v1.$$v.mod -tags=kube1$$v) .

kubelet: $(KUBELET_MINORS:%=kubelet-1.%) ## compares the model of probes with the unmodified kubelets 1.33 to 1.36 in KUBELET_SCENARIOS random scenarios each (-j2: two at a time); the first time it compiles them
kubelet-1.%:
	@v=$*; $(kubelet_test) -v -scenarios $(KUBELET_SCENARIOS)

kubelet-vectors: ## writes what the kubelets do in some scenarios to internal/probesim/testdata, where "make test" holds the model against it
	@for v in $(KUBELET_MINORS); do ($(kubelet_test) -run TestFacts -vectors ../../internal/probesim/testdata/kubelet-1.$$v.json) || exit 1; done

conformance: build testbed ## the tests against a real Kubernetes; FAIRWAY_REQUIRE=controlplane,node makes what is missing a failure
	cd testbed && CGO_ENABLED=0 $(GO) test -trimpath -count=1 -timeout 20m ./...
	FAIRWAY_TESTBED=$(CURDIR)/bin/testbed $(GO) test -count=1 -p 1 -timeout 30m ./conformance/...
	@for v in $(KUBELET_MINORS); do ($(kubelet_test) -short -scenarios 200) || exit 1; done

check: ## what CI checks: format, vet, static analysis, tests, generated files among them
	test -z "$$(gofmt -l $$(git ls-files '*.go'))"
	$(GO) vet ./...
	$(GO) tool -modfile=tools/go.mod staticcheck ./...
	@for m in $(MODULES); do (cd $$m && $(GO) vet ./... && $(GO) tool -modfile=$(CURDIR)/tools/go.mod staticcheck ./...) || exit 1; done
	@$(MAKE) --no-print-directory test

fuzz: ## a minute for every fuzz target
	@for t in $$(grep -rl '^func Fuzz' --include='*_test.go' internal); do \
	  for f in $$(grep -o '^func Fuzz[A-Za-z]*' $$t | cut -c6-); do \
	    $(GO) test -run=NONE -fuzz="^$$f$$" -fuzztime=1m ./$$(dirname $$t) || exit 1; done; done

docs: ## generated reference pages, schemas and tables
	$(GO) generate ./internal/merge
	$(GO) test ./internal/cli -run 'TestReference|TestPictures' -update
	$(GO) test ./internal/goldenpath -run TestSchemas -update
	$(GO) test ./internal/story -run TestDocs -update

bench: ## the figures of docs/benchmarks.md that need nothing but this repository
	$(GO) test -run=NONE -bench=. -benchmem ./internal/source ./internal/apiserver ./internal/lint

testbed: ## bin/testbed, a real Kubernetes for tests; its own module, minutes to build the first time
	cd testbed && $(GO) run ./internal/make ../bin/testbed

clean:
	rm -rf bin
