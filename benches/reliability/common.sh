# What the scripts of this folder share; to be sourced. DEC_GPU names the program, else it is found in PATH.
program=${DEC_GPU:-dec-gpu}

# Files of a run that hold no times.
same=(centroids.npy config.toml confusion.csv embedding.npy labels.csv model.safetensors soft_assignment.npy)

# A training of about a second.
options=(-k 3 --checkpoint-every 1 --set "network.hidden=[48]" --set network.embedding-dim=3
    --set pretrain.method=layerwise --set pretrain.layer-steps=400 --set pretrain.steps=800 --set pretrain.batch-size=64
    --set kmeans.restarts=2 --set cluster.update-interval=50 --set cluster.max-steps=1500 --set cluster.tolerance=0)

# make_data ROWS: a table of three groups, with labels.
make_data() {
    awk -v rows="$1" 'BEGIN {
        for (j = 0; j < 9; j++) printf "x%d,", j; print "label"
        for (i = 0; i < rows; i++) {
            for (j = 0; j < 9; j++) printf "%.3f,", (j % 3 == i % 3 ? 5 : 0) + ((i * 37 + j * 101) % 19) / 19
            print i % 3
        }
    }'
}

# differing A B: the files of one run that are not those of another.
differing() {
    local file
    for file in "${same[@]}"; do
        cmp -s "$1/$file" "$2/$file" || echo "$file"
    done
}

# unfinished FOLDER: how many temporary files and checkpoints lie there.
unfinished() {
    find "$1" -name '.dec-gpu-*.tmp' -o -path '*/checkpoint/*' | wc -l
}

now() {
    date +%s.%N
}
