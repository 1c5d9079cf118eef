module github.com/fairway-k8s/fairway/bench/healthlibs

go 1.26.0

require (
	github.com/AppsFlyer/go-sundheit v0.6.0
	github.com/InVisionApp/go-health/v2 v2.1.4
	github.com/InVisionApp/go-logger v1.0.1
	github.com/alexliesenfeld/health v0.8.0
	github.com/fairway-k8s/fairway/health v0.0.0
	github.com/hellofresh/health-go/v5 v5.5.4
	github.com/heptiolabs/healthcheck v0.0.0-20211123025425-613501dd5deb
)

require (
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/prometheus/client_golang v1.25.0 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	go.opentelemetry.io/otel v1.35.0 // indirect
	go.opentelemetry.io/otel/trace v1.35.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
	gopkg.in/DATA-DOG/go-sqlmock.v1 v1.3.0 // indirect
)

replace github.com/fairway-k8s/fairway/health => ../../health
