module github.com/fairway-k8s/fairway/examples/koreserver

go 1.26.0

require github.com/fairway-k8s/fairway/health v0.0.0

replace github.com/fairway-k8s/fairway/health => ../../health
