#!/bin/sh
# A sweep as a Slurm array: sbatch --array=1-100 examples/cluster/slurm.sh SWEEP.yaml RESULTS
# Every task simulates its share of the cells; RESULTS is a folder that all nodes see. A task that is killed can be queued
# again: finished cells are kept. When all have ended: servesim sweep merge SWEEP.yaml --results RESULTS
#SBATCH --job-name=servesim-sweep
#SBATCH --cpus-per-task=8
#SBATCH --mem-per-cpu=2G
#SBATCH --time=04:00:00
#SBATCH --requeue
set -eu
exec servesim sweep run "$1" --results "$2" --shard auto --workers "${SLURM_CPUS_PER_TASK:-1}"
