"""The operators a program may be made of: those that only compute on the tensors they are given.

Nothing here reads or writes a file, prints, loads, calls back, changes the size or the storage of a tensor, hands out
memory that was never written, or works on sparse, nested or quantised tensors, whose readers check less.
"""

ARITHMETIC = """
    abs absolute acos acosh add addcdiv addcmul angle arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh
    atan atan2 atanh bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor ceil clamp
    clamp_max clamp_min clip complex conj conj_physical _conj copysign cos cosh deg2rad digamma div divide erf erfc
    erfinv exp exp2 expm1 fix float_power floor floor_divide fmax fmin fmod frac frexp gcd heaviside hypot i0 igamma
    igammac imag lcm ldexp lerp lgamma log log10 log1p log2 logaddexp logaddexp2 logit maximum minimum mul multiply
    mvlgamma nan_to_num neg negative nextafter polar polygamma positive pow rad2deg real reciprocal remainder
    resolve_conj resolve_neg round rsqrt rsub sgn sigmoid sign signbit sin sinc sinh sqrt square sub subtract tan tanh
    true_divide trunc xlogy special_digamma special_entr special_erf special_erfc special_erfcx special_erfinv
    special_exp2 special_expit special_expm1 special_gammainc special_gammaincc special_gammaln special_i0 special_i0e
    special_i1 special_i1e special_log1p special_log_ndtr special_log_softmax special_logit special_logsumexp
    special_multigammaln special_ndtr special_ndtri special_polygamma special_psi special_round special_sinc
    special_softmax special_xlog1py special_xlogy special_zeta
"""
COMPARISON = """
    allclose eq equal ge greater greater_equal gt isclose isfinite isinf isnan isneginf isposinf isreal le less
    less_equal logical_and logical_not logical_or logical_xor lt ne not_equal is_nonzero isin
    __and__ __or__ __xor__ __lshift__ __rshift__
"""
REDUCTION = """
    all amax amin aminmax any argmax argmin bincount count_nonzero cov corrcoef cummax cummin cumprod cumsum
    cumulative_trapezoid diff dist histc kthvalue logcumsumexp logsumexp max mean median min mode msort nanmean
    nanmedian nanquantile nansum norm nuclear_norm frobenius_norm prod quantile renorm sort argsort std std_mean sum
    topk trapezoid trapz trace var var_mean unique_consecutive unique_dim _unique2 _is_all_true _is_any_true
"""
LINEAR_ALGEBRA = """
    addbmm addmm addmv addr baddbmm bilinear bmm cdist _cdist_forward _euclidean_dist chain_matmul cholesky
    cholesky_inverse cholesky_solve cosine_similarity cross det dot einsum ger inner inverse kron linalg_cholesky
    linalg_cholesky_ex linalg_cond linalg_cross linalg_det linalg_diagonal linalg_eig linalg_eigh linalg_eigvals
    linalg_eigvalsh linalg_inv linalg_inv_ex linalg_lstsq linalg_lu linalg_matmul linalg_matrix_exp linalg_matrix_norm
    linalg_matrix_power linalg_matrix_rank linalg_multi_dot linalg_norm linalg_pinv linalg_qr linalg_slogdet
    linalg_solve linalg_solve_ex linalg_solve_triangular linalg_svd linalg_svdvals linalg_tensorinv linalg_tensorsolve
    linalg_vander linalg_vecdot linalg_vector_norm _linalg_det _linalg_eigh _linalg_slogdet _linalg_solve_ex _linalg_svd
    linear logdet matmul matrix_exp matrix_power mm mv outer pairwise_distance pdist _pdist_forward pinverse slogdet svd
    tensordot _trilinear vander vdot
"""
CONVOLUTION = """
    _convolution _conv_depthwise2d conv1d conv2d conv3d conv_depthwise3d conv_tbc conv_transpose1d conv_transpose2d
    conv_transpose3d convolution col2im im2col fft_fft fft_fft2 fft_fftfreq fft_fftn fft_fftshift fft_hfft fft_ifft
    fft_ifft2 fft_ifftn fft_ifftshift fft_ihfft fft_irfft fft_irfft2 fft_irfftn fft_rfft fft_rfft2 fft_rfftfreq fft_rfftn
    _fft_c2c _fft_c2r _fft_r2c stft istft bartlett_window blackman_window hamming_window hann_window kaiser_window
"""
NORMALISATION = """
    batch_norm _batch_norm_impl_index _batch_norm_no_update _native_batch_norm_legit
    _native_batch_norm_legit_no_training _native_batch_norm_legit_functional native_batch_norm group_norm
    native_group_norm instance_norm layer_norm native_layer_norm rms_norm _fused_rms_norm _weight_norm
    _weight_norm_interface norm_except_dim
"""
POOLING = """
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d _adaptive_avg_pool2d _adaptive_avg_pool3d
    adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d avg_pool1d avg_pool2d avg_pool3d max_pool1d
    max_pool1d_with_indices max_pool2d max_pool2d_with_indices max_pool3d max_pool3d_with_indices
"""
ACTIVATION = """
    alpha_dropout celu dropout elu feature_alpha_dropout feature_dropout gelu glu hardshrink hardsigmoid hardswish
    hardtanh leaky_relu log_sigmoid log_sigmoid_forward log_softmax _log_softmax mish native_dropout prelu _prelu_kernel
    relu relu6 rrelu selu silu softmax _softmax _safe_softmax softplus softshrink threshold
"""
ATTENTION = """
    embedding embedding_bag _embedding_bag _embedding_bag_forward_only scaled_dot_product_attention
    _scaled_dot_product_attention_math _scaled_dot_product_flash_attention _scaled_dot_product_efficient_attention
    _scaled_dot_product_cudnn_attention _scaled_dot_product_flash_attention_for_cpu _fused_sdp_choice
    _native_multi_head_attention _transformer_encoder_layer_fwd
"""
RECURRENCE = """
    gru gru_cell lstm lstm_cell rnn_relu rnn_relu_cell rnn_tanh rnn_tanh_cell mkldnn_rnn_layer _thnn_fused_gru_cell
    _thnn_fused_lstm_cell _pack_padded_sequence _pad_packed_sequence
"""
INDEXING = """
    argwhere bucketize diagonal_scatter gather index index_add index_copy index_fill index_put
    index_reduce index_select _index_put_impl masked_fill masked_scatter masked_select nonzero nonzero_numpy
    nonzero_static put scatter scatter_add scatter_reduce searchsorted select select_scatter slice slice_scatter take
    take_along_dim where _unsafe_index _unsafe_index_put
"""
SHAPE = """
    adjoint alias as_strided atleast_1d atleast_2d atleast_3d block_diag broadcast_tensors broadcast_to cartesian_prod
    cat channel_shuffle chunk clone column_stack combinations concat concatenate constant_pad_nd contiguous copy detach
    diag diag_embed diagflat diagonal dsplit dstack expand expand_as flatten flip fliplr flipud hsplit hstack lift
    lift_fresh lift_fresh_copy mH mT matrix_H meshgrid moveaxis movedim narrow native_channel_shuffle numpy_T pad
    _pad_circular _pad_enum permute pixel_shuffle pixel_unshuffle ravel reflection_pad1d reflection_pad2d
    reflection_pad3d repeat repeat_interleave replication_pad1d replication_pad2d replication_pad3d reshape
    _reshape_alias reshape_as roll rot90 row_stack split split_with_sizes squeeze stack swapaxes swapdims t
    tensor_split tile to _to_copy transpose tril triu type_as unbind unflatten unfold unsafe_chunk unsafe_split
    unsafe_split_with_sizes _unsafe_view unsqueeze view view_as view_as_complex view_as_real view_copy vsplit vstack
    pad_sequence expand_copy permute_copy unsqueeze_copy squeeze_copy transpose_copy slice_copy select_copy t_copy
    alias_copy detach_copy diagonal_copy split_copy split_with_sizes_copy unbind_copy
"""
CREATION = """
    arange bernoulli eye fill full full_like linspace logspace multinomial new_full new_ones new_zeros normal
    normal_functional one_hot ones ones_like rand rand_like randint randint_like randn randn_like randperm
    scalar_tensor tril_indices triu_indices uniform zero zeros zeros_like
"""
SAMPLING = """
    affine_grid_generator grid_sampler grid_sampler_2d grid_sampler_3d upsample_bicubic2d upsample_bilinear2d
    upsample_linear1d upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_trilinear3d
    _upsample_bicubic2d_aa _upsample_bilinear2d_aa _upsample_nearest_exact1d _upsample_nearest_exact2d
    _upsample_nearest_exact3d
"""
LOSSES = """
    binary_cross_entropy binary_cross_entropy_with_logits cross_entropy_loss huber_loss kl_div l1_loss mse_loss
    nll_loss nll_loss_forward nll_loss_nd smooth_l1_loss
"""
SIZES = """
    _assert_async _assert_scalar _assert_tensor_metadata _local_scalar_dense is_complex is_floating_point is_same_size
    item numel size stride storage_offset sym_constrain_range sym_constrain_range_for_size sym_is_contiguous sym_numel
    sym_size sym_storage_offset sym_stride dim
"""
ATEN = frozenset(
    name
    for family in (
        ARITHMETIC, COMPARISON, REDUCTION, LINEAR_ALGEBRA, CONVOLUTION, NORMALISATION, POOLING, ACTIVATION, ATTENTION,
        RECURRENCE, INDEXING, SHAPE, CREATION, SAMPLING, LOSSES, SIZES,
    )
    for name in family.split()
)  # fmt: skip
IN_PLACE = ("copy_", "detach_", "fill_diagonal_")
SYMBOLIC_WORDS = """
    _operator.add _operator.and_ _operator.eq _operator.floordiv _operator.ge _operator.getitem _operator.gt
    _operator.le _operator.lshift _operator.lt _operator.mod _operator.mul _operator.ne _operator.neg
    _operator.or_ _operator.pos _operator.pow _operator.rshift _operator.sub _operator.truediv math.trunc
    torch.sym_float torch.sym_int torch.sym_ite torch.sym_max torch.sym_min torch.sym_not torch._sym_sqrt
    torch.sym_sum
"""
SYMBOLIC = frozenset(SYMBOLIC_WORDS.split())
BLOCKS = frozenset(
    f"torch.ops.higher_order.{name}" for name in ("cond", "wrap_with_autocast", "wrap_with_set_grad_enabled")
)


def only_computes(target: str) -> bool:
    """Whether an operator, by the name a program calls it, is one of those that only compute."""
    if target in SYMBOLIC or target in BLOCKS:
        return True
    space, _, rest = target.partition("torch.ops.aten.")
    name, _, overload = rest.partition(".")
    if space or not overload.isidentifier():
        return False
    return name in ATEN or name in IN_PLACE or (name.endswith("_") and name.removesuffix("_") in ATEN)
