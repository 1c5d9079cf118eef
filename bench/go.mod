module github.com/fairway-k8s/fairway/bench

go 1.26.0
