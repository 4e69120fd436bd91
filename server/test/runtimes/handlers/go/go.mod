module sluice.test/runtime-api

go 1.21
